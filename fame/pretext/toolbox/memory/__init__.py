"""What outlives a step: queues and banks of vectors, and slow copies of networks."""
