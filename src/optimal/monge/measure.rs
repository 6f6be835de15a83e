//! The measure that a schedule has to cut: where the increments of one or several curves lie.

use crate::curve::InformationCurve;
use crate::error::{Error, Result};
use crate::numeric::scalar::{self, CompensatedSum, Scalar};
use crate::optimal::monge::costs::{Candidates, Costs, ends_with_cuts};
use crate::optimal::monge::envelope::{Envelope, Workspace};
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

    /// The tokens of all curves together.
    pub(crate) fn tokens(&self) -> usize {
        self.positions[self.end()]
    }

    /// The tokens from one node to a later one.
    #[inline(always)]
    pub(crate) fn length(&self, from: usize, to: usize) -> F {
        distance(self.positions[from], self.positions[to])
    }

    /// The starts of a path as schedules, one per curve, with cuts added so that they have `steps`
    /// steps in all.
    pub(crate) fn schedules(&self, path: &[usize], steps: usize) -> Result<Vec<Schedule>> {
        let positions: Vec<usize> = path.iter().map(|&node| self.positions[node]).collect();
        let mut ends = ends_with_cuts(&positions, steps).into_iter().peekable();
        let mut revealed = 0;
        let schedule = |last: &usize| {
            let mut sizes = Vec::new();
            while let Some(end) = ends.next_if(|&end| end <= self.positions[*last]) {
                sizes.push(end - revealed);
                revealed = end;
            }
            Schedule::try_from(sizes)
        };
        self.walls.iter().skip(1).map(schedule).collect()
    }
}

impl<F: Scalar> Costs for Measure<F> {
    type Float = F;
    type Workspace = Workspace<F>;

    fn workspace(&self) -> Workspace<F> {
        Workspace::new(self)
    }

    fn candidates<'s, const PRICED: bool>(
        &'s self,
        price: F,
        nodes: (usize, usize),
        workspace: &'s mut Workspace<F>,
    ) -> impl Candidates<F> + 's {
        Envelope::<_, PRICED>::new(self, price, nodes, workspace)
    }

    fn walls(&self) -> &[usize] {
        &self.walls
    }

    /// All nodes are starts.
    fn exact(&self) -> Vec<usize> {
        (0..=self.end()).collect()
    }

    fn error(&self, path: &[usize]) -> F {
        let step = |pair: &[usize]| {
            let (from, to) = (pair[0], pair[1]);
            scalar::sum((from + 1..to).map(|node| self.masses[node] * self.length(node, to)))
        };
        scalar::sum(path.windows(2).map(step))
    }

    /// `max_a I_a (L - a)`.
    fn highest_price(&self) -> F {
        let mut highest = F::zero();
        for pair in self.walls.windows(2) {
            let mut information = CompensatedSum::new();
            for node in pair[0] + 1..pair[1] {
                information.add(self.masses[node]);
                highest = highest.max(information.total() * self.length(node, pair[1]));
            }
        }
        highest
    }

    fn lowest_price(&self) -> F {
        (1..self.end())
            .filter(|&node| self.masses[node] > F::zero())
            .map(|node| self.masses[node] * self.length(node, node + 1))
            .fold(F::infinity(), F::min)
    }

    /// As if the increments were spread evenly: `d s^2 / 2` is half of mass times length.
    fn root_of_cost(&self, first: usize, last: usize) -> F {
        let mass = scalar::sum(self.masses[first + 1..=last].iter().copied());
        let half_length = self.length(first, last) / scalar::constant(2.0);
        mass.sqrt() * half_length.sqrt()
    }

    fn schedule(&self, path: &[usize], steps: usize) -> Result<Schedule> {
        Ok(self.schedules(path, steps)?.swap_remove(0))
    }
}
