# The project and its environment, in the versions of requirements.lock. UNTESTED: it was written
# where no image can be built.
#   docker build -t fame .
#   docker run --rm -v "$PWD/results:/opt/fame/results" fame fame run table5
# With GPUs: docker run --gpus all --shm-size 8g ...
# For Apptainer: apptainer build fame.sif docker-daemon:fame:latest
FROM python:3.13-slim-bookworm

# git names the commit in cards, unar unpacks the RAR archives of UCF101 and HMDB51.
RUN apt-get update \
    && apt-get install -y --no-install-recommends git unar \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/fame
COPY . .
RUN python -m pip install --no-cache-dir -c requirements.lock -e '.[kubernetes,slurm]' \
    && (python -m pip install --no-cache-dir --only-binary :all: -c requirements.lock decord \
    || echo "Going on without decord, a second video decoder.")

CMD ["fame", "--help"]
