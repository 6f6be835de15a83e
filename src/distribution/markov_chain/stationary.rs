use crate::error::{Result, not_applicable};
use crate::numeric::scalar::{self, Scalar};

/// The states of the only closed class; an error with two states of different ones if there are
/// more. `O(q^2)` for most chains.
pub(super) fn closed_class<F: Scalar>(transition: &[F], alphabet: usize) -> Result<Vec<usize>> {
    let forward = |x: usize, y: usize| transition[x * alphabet + y] > F::zero();
    let backward = |x: usize, y: usize| forward(y, x);
    // Go down to a state that can be reached from every state it leads to.
    let descend = |mut state: usize| loop {
        let onward = reachable(state, alphabet, forward);
        let back = reachable(state, alphabet, backward);
        match (0..alphabet).find(|&x| onward[x] && !back[x]) {
            Some(lower) => state = lower,
            None => return (state, onward, back),
        }
    };
    let (first, class, reaches_class) = descend(0);
    match reaches_class.iter().position(|reaches| !reaches) {
        Some(stranger) => {
            let (second, ..) = descend(stranger);
            Err(not_applicable(
                "the stationary distribution",
                format!(
                    "one class of states to end in, and is not unique: from state {first} and from state {second} no state can be \
                     reached in common"
                ),
            ))
        }
        None => Ok((0..alphabet).filter(|&x| class[x]).collect()),
    }
}

fn reachable(from: usize, alphabet: usize, edge: impl Fn(usize, usize) -> bool) -> Vec<bool> {
    let mut seen = vec![false; alphabet];
    seen[from] = true;
    let mut open = vec![from];
    while let Some(x) = open.pop() {
        for (y, seen) in seen.iter_mut().enumerate().filter(|(_, seen)| !**seen) {
            if edge(x, y) {
                *seen = true;
                open.push(y);
            }
        }
    }
    seen
}

/// The stationary distribution, by Grassmann, Taksar & Heyman's elimination on the closed class. No
/// subtraction, so no cancellation.
pub(super) fn stationary_law<F: Scalar>(
    transition: &[F],
    alphabet: usize,
    states: &[usize],
) -> Vec<F> {
    let size = states.len();
    let mut rates: Vec<Vec<F>> = states
        .iter()
        .map(|&x| states.iter().map(|&y| transition[x * alphabet + y]).collect())
        .collect();
    for last in (1..size).rev() {
        let (before, row) = rates.split_at_mut(last);
        let row = &row[0][..last];
        let leaving = scalar::sum(row.iter().copied());
        for other in before {
            let share = other[last] / leaving;
            other[last] = share;
            other.iter_mut().zip(row).for_each(|(rate, &to)| *rate = *rate + share * to);
        }
    }
    let mut weights = vec![F::one(); size];
    for state in 1..size {
        weights[state] = scalar::sum((0..state).map(|x| weights[x] * rates[x][state]));
    }
    let total = scalar::sum(weights.iter().copied());
    let mut law = vec![F::zero(); alphabet];
    for (&state, &weight) in states.iter().zip(&weights) {
        law[state] = weight / total;
    }
    law
}
