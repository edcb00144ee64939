"""What a target takes before days are spent on it: work, hours, disk, and a trial of each part."""
