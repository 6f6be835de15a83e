//! The measure that a schedule has to cut: where the increments of one or several curves lie.

use crate::curve::InformationCurve;
use crate::error::{Error, Result};
use crate::numeric::scalar::{self, CompensatedSum, Scalar};
use crate::schedule::Schedule;

/// The places where a step may start, with the increments that lie there.
///
/// Only places with a positive increment are worth a start: if `d_p = 0`, a step that starts at `p`
/// may as well start at `p - 1`. So the *nodes* are the start of each curve, its positive increments
/// and its end. Curves stand one after another; the end of one is the start of the next, a *wall*
/// that every path goes through.
pub(crate) struct Measure<F> {
    /// Revealed tokens at each node, counted through all curves; increasing.
    pub(crate) positions: Vec<usize>,
    /// The increment at each node; 0 at the walls.
    pub(crate) masses: Vec<F>,
    /// The nodes that are walls, from the first node to the last.
    pub(crate) walls: Vec<usize>,
}

/// The increments of the nodes between two nodes `a < b`, taken together.
///
/// ```text
/// mass = sum_{a < m <= b} d_m,   ramp = sum_{a < m <= b} (x_b - x_m) d_m = w(a, b)
/// ```
/// Segments are only ever put together, never taken apart: all terms are nonnegative, so both numbers
/// keep their relative accuracy over any range of magnitudes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Segment<F> {
    pub(crate) mass: F,
    pub(crate) ramp: F,
}

impl<F: Scalar> Segment<F> {
    pub(crate) fn empty() -> Self {
        Self { mass: F::zero(), ramp: F::zero() }
    }

    /// This segment made longer by one node.
    #[inline(always)]
    pub(crate) fn extended(self, length: F, mass: F) -> Self {
        Self { mass: self.mass + mass, ramp: self.ramp + self.mass * length }
    }

    /// This segment followed by one of the given length in tokens.
    #[inline(always)]
    pub(crate) fn then(self, next: Self, length: F) -> Self {
        Self { mass: self.mass + next.mass, ramp: self.ramp + self.mass * length + next.ramp }
    }
}

/// `to - from`, which may be negative. Signed numbers convert faster than unsigned ones, and lengths in
/// memory always fit.
#[inline(always)]
pub(crate) fn distance<F: Scalar>(from: usize, to: usize) -> F {
    F::from_isize(to.wrapping_sub(from) as isize).unwrap_or_else(F::nan)
}

impl<F: Scalar> Measure<F> {
    /// Of one curve.
    pub(crate) fn of(curve: &InformationCurve<F>) -> Self {
        let mut measure = Self::with_nodes(curve.tokens());
        measure.append(curve, curve.tokens());
        measure
    }

    /// Of several curves, one after another.
    pub(crate) fn of_all(curves: &[InformationCurve<F>]) -> Result<Self> {
        let mut tokens = 0_usize;
        let mut measure = Self::with_nodes(0);
        for curve in curves {
            tokens = tokens
                .checked_add(curve.tokens())
                .ok_or(Error::Overflow { what: "the tokens of all curves together" })?;
            measure.append(curve, tokens);
        }
        let all = scalar::sum(curves.iter().map(|curve| curve.token_information().0));
        match all.is_finite() {
            true => Ok(measure),
            false => Err(Error::Overflow { what: "the token information of all curves together" }),
        }
    }

    fn with_nodes(capacity: usize) -> Self {
        let (mut positions, mut masses) =
            (Vec::with_capacity(capacity + 1), Vec::with_capacity(capacity + 1));
        positions.push(0);
        masses.push(F::zero());
        Self { positions, masses, walls: vec![0] }
    }

    fn append(&mut self, curve: &InformationCurve<F>, end: usize) {
        let start = end - curve.tokens();
        for (m, &increment) in curve.increments().iter().enumerate() {
            if increment > F::zero() {
                self.positions.push(start + m);
                self.masses.push(increment);
            }
        }
        self.positions.push(end);
        self.masses.push(F::zero());
        self.walls.push(self.positions.len() - 1);
    }

    /// The last node: the end of the last curve.
    pub(crate) fn end(&self) -> usize {
        self.positions.len() - 1
    }

    /// The tokens of all curves together.
    pub(crate) fn tokens(&self) -> usize {
        self.positions[self.end()]
    }

    /// The tokens from one node to a later one.
    #[inline(always)]
    pub(crate) fn length(&self, from: usize, to: usize) -> F {
        distance(self.positions[from], self.positions[to])
    }

    /// The nodes of each curve, as first and last node.
    pub(crate) fn curves(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.walls.windows(2).map(|pair| (pair[0], pair[1]))
    }

    /// What the first start besides the walls saves at most: `max_a I_a (L - a)`. At this price or a
    /// higher one, one step per curve is best.
    pub(crate) fn highest_price(&self) -> F {
        let mut highest = F::zero();
        for (first, last) in self.curves() {
            let mut information = CompensatedSum::new();
            for node in first + 1..last {
                information.add(self.masses[node]);
                highest = highest.max(information.total() * self.length(node, last));
            }
        }
        highest
    }

    /// What the last start saves at least: at this price or a lower one, all nodes are starts.
    /// Infinite if there are only walls.
    pub(crate) fn lowest_price(&self) -> F {
        (1..self.end())
            .filter(|&node| self.masses[node] > F::zero())
            .map(|node| self.masses[node] * self.length(node, node + 1))
            .fold(F::infinity(), F::min)
    }

    /// The error of the steps between consecutive nodes of a path.
    pub(crate) fn error(&self, path: &[usize]) -> F {
        let step = |pair: &[usize]| {
            let (from, to) = (pair[0], pair[1]);
            scalar::sum((from + 1..to).map(|node| self.masses[node] * self.length(node, to)))
        };
        scalar::sum(path.windows(2).map(step))
    }

    /// The starts of a path as schedules, one per curve, with cuts added so that they have `steps`
    /// steps in all. The cuts are the last places that are not starts yet: single tokens at the end.
    pub(crate) fn schedules(&self, path: &[usize], steps: usize) -> Result<Vec<Schedule>> {
        let mut missing = steps.saturating_sub(path.len() - 1);
        let mut ends = Vec::with_capacity(path.len() - 1 + missing);
        for pair in path.windows(2).rev() {
            let (start, end) = (self.positions[pair[0]], self.positions[pair[1]]);
            ends.push(end);
            let cuts = missing.min(end - start - 1);
            ends.extend((end - cuts..end).rev());
            missing -= cuts;
        }
        let mut ends = ends.into_iter().rev().peekable();
        let mut revealed = 0;
        let schedule = |(_, last): (usize, usize)| {
            let mut sizes = Vec::new();
            while let Some(end) = ends.next_if(|&end| end <= self.positions[last]) {
                sizes.push(end - revealed);
                revealed = end;
            }
            Schedule::try_from(sizes)
        };
        self.curves().map(schedule).collect()
    }
}
