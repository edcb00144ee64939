#!/usr/bin/env bash
# A Slurm cluster on this host, for tests: a controller and two nodes, n1 and n2, with two fake GPUs
# each. For root on Debian; needs no systemd.
#     cluster.sh up      install what is missing, start, wait until both nodes are idle
#     cluster.sh down    stop what was started and take the configuration away
#     cluster.sh node n2 start the node again after a test killed it
# A host that has a Slurm of its own is left alone: `up` refuses.
set -euo pipefail

MARK="# The test cluster of fame-reproduction: written by tests/slurm/cluster.sh"
CONF=/etc/slurm/slurm.conf
GRES=/etc/slurm/gres.conf
HOME_DIR=/var/tmp/fame-slurm
NODES=(n1 n2)
export DEBIAN_FRONTEND=noninteractive

fail() {
  echo "tests/slurm/cluster.sh: $1" >&2
  exit 1
}

ours() { head -n 1 "$CONF" 2> /dev/null | grep -qxF "$MARK"; }

# Whether the process of a PID file lives; one that only waits for its parent's notice does not.
lives() { grep -q '^State:.[^ZX]' "/proc/$(cat "$1" 2> /dev/null)/status" 2> /dev/null; }

ready() { [ "$(sinfo --noheader --Node --format=%T 2> /dev/null | grep -cx idle)" = 2 ]; }

refuse_others() {
  [ "$(id -u)" = 0 ] || fail "needs root: it starts daemons and writes $CONF"
  [ ! -e "$CONF" ] || ours || fail "$CONF is not ours; this host has a Slurm, which is left alone"
  ours && return
  for daemon in slurmctld slurmd; do
    pgrep --runstates D,R,S,T --exact "$daemon" > /dev/null || continue
    fail "a $daemon runs that is not ours; it is left alone"
  done
}

install_missing() {
  command -v slurmctld slurmd munged > /dev/null && return
  apt-get -o DPkg::Lock::Timeout=300 update -qq \
    && apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends \
      slurm-wlm munge > "$HOME_DIR/apt.log" 2>&1 \
    || fail "slurm-wlm and munge could not be installed; see $HOME_DIR/apt.log"
}

# File= names any devices: nothing opens them, but Slurm counts them and hands out their numbers.
configure() {
  mkdir -p /etc/slurm
  cat > "$GRES" << END
$MARK
NodeName=n[1-2] Name=gpu File=/dev/null,/dev/zero
END
  cat > "$CONF" << END
$MARK
ClusterName=fame
SlurmctldHost=$(hostname)(127.0.0.1)
SlurmctldPort=26817
SlurmUser=root
AuthType=auth/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=bf_interval=5
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
GresTypes=gpu
ReturnToService=2
MinJobAge=86400
SlurmdTimeout=15
SlurmdParameters=config_overrides
StateSaveLocation=$HOME_DIR/state
SlurmctldPidFile=$HOME_DIR/slurmctld.pid
SlurmctldLogFile=$HOME_DIR/slurmctld.log
SlurmdSpoolDir=$HOME_DIR/spool-%n
SlurmdPidFile=$HOME_DIR/slurmd-%n.pid
SlurmdLogFile=$HOME_DIR/slurmd-%n.log
NodeName=DEFAULT CPUs=4 RealMemory=64000 Gres=gpu:2
NodeName=n1 NodeHostname=$(hostname) NodeAddr=127.0.0.1 Port=26821 Weight=1
NodeName=n2 NodeHostname=$(hostname) NodeAddr=127.0.0.1 Port=26822 Weight=2
PartitionName=main Nodes=ALL Default=YES MaxTime=60 State=UP
END
}

# Munge may be in use by others: one that runs is kept, and only ours is stopped.
start_munge() {
  lives /run/munge/munged.pid && return
  install -d -o munge -g munge /run/munge /var/log/munge /var/lib/munge
  setpriv --reuid=munge --regid=munge --clear-groups munged
  touch "$HOME_DIR/munge-is-ours"
}

up() {
  refuse_others
  mkdir -p "$HOME_DIR/state"
  install_missing
  if ours && ready; then return; fi
  if ours; then down; mkdir -p "$HOME_DIR/state"; fi
  start_munge
  configure
  slurmctld
  for node in "${NODES[@]}"; do slurmd -N "$node"; done
  for _ in $(seq 120); do
    if ready; then sinfo --Node --format="%N %T %G"; return; fi
    sleep 0.5
  done
  tail -n 20 "$HOME_DIR"/*.log >&2
  fail "the nodes are not idle after 60 s; the logs are above"
}

node() {
  ours || fail "the cluster is not up"
  slurmd -N "$1"
}

stop() {
  lives "$1" || return 0
  kill "$(cat "$1")"
  for _ in $(seq 40); do
    lives "$1" || return 0
    sleep 0.25
  done
  kill -9 "$(cat "$1")"
}

down() {
  ours || { echo "tests/slurm/cluster.sh: nothing of ours is up"; return; }
  scancel --user=root 2> /dev/null || true
  for _ in $(seq 40); do
    [ -n "$(squeue --noheader 2> /dev/null)" ] || break
    sleep 0.25
  done
  for node in "${NODES[@]}"; do stop "$HOME_DIR/slurmd-$node.pid"; done
  stop "$HOME_DIR/slurmctld.pid"
  [ ! -e "$HOME_DIR/munge-is-ours" ] || stop /run/munge/munged.pid
  rm -rf "$CONF" "$GRES" "$HOME_DIR"
}

case "${1:-}" in
  up) up ;;
  down) down ;;
  node) node "${2:?which node}" ;;
  *) fail "say up, down or node NAME" ;;
esac
