#!/bin/sh
# The entropies of all subsets of binary tables, side by side: this crate on one core and on two
# threads, and the best numpy program found (all_subsets_numpy.py), in turns on the same tables.
#
# Usage: benches/peers/subset_entropies.sh [TOKENS ..]     (default: 16 18 20)
#
# Prints the least of three times each, and how many times as long numpy takes. Fails if the results
# differ by more than 1e-12 nats. At 20 tokens numpy takes up to two minutes in all.
# Needs: cargo; python3 with numpy (pip install numpy); taskset.
set -eu
cd "$(dirname "$0")/../.."
cargo build --quiet --release --features rayon --example subset_entropies
crate="${CARGO_TARGET_DIR:-target}/release/examples/subset_entropies"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

[ $# -gt 0 ] || set -- 16 18 20
echo "  n  one core, s  two threads, s    numpy, s  numpy / one core  numpy / two threads"
for n in "$@"; do
    table="$scratch/table"
    RAYON_NUM_THREADS=1 "$crate" --line --repeats 1 --table "$table" "$n" >"$scratch/warm-up"
    : >"$scratch/lines"
    for turn in 1 2 3; do
        {
            echo "one $(RAYON_NUM_THREADS=1 taskset -c 0 "$crate" --line --repeats 1 "$n")"
            echo "two $(RAYON_NUM_THREADS=2 "$crate" --line --repeats 1 "$n")"
            echo "numpy $(taskset -c 0 python3 benches/peers/all_subsets_numpy.py "$n" 1 "$table")"
        } >>"$scratch/lines"
    done
    # who n N seconds S tc X dtc Y middle Z
    awk '
        !($1 in least) || $5 < least[$1] { least[$1] = $5 }
        {
            for (i = 7; i <= 11; i += 2) {
                if (NR == 1) first[i] = $i
                difference = $i - first[i]
                if (difference < -1e-12 || difference > 1e-12) { print "results differ: " $0; failed = 1; exit 1 }
            }
        }
        END {
            if (failed) exit 1
            printf "%3d%13.4f%16.4f%12.4f%18.1f%21.1f\n", $3, least["one"], least["two"], \
                least["numpy"], least["numpy"] / least["one"], least["numpy"] / least["two"]
        }' "$scratch/lines"
    rm "$table"
done
