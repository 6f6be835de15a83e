/// A symmetric matrix whose entries vanish farther than `width` from the diagonal: the lower half, by rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Band {
    size: usize,
    width: usize,
    /// Row i holds the columns `i - width ..= i`; what would be left of the first column is not used.
    entries: Vec<f64>,
}

/// The Cholesky factor of a positive definite [`Band`]: lower triangular, of the same width.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Factor(Band);

impl Band {
    pub(super) fn zero(size: usize, width: usize) -> Self {
        let width = width.min(size.saturating_sub(1));
        Self { size, width, entries: vec![0.0; size * (width + 1)] }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    fn place(&self, row: usize, column: usize) -> usize {
        row * (self.width + 1) + self.width + column - row
    }

    /// The entry at `row >= column`, which is not farther than the width from the diagonal.
    pub(super) fn at(&self, row: usize, column: usize) -> f64 {
        self.entries[self.place(row, column)]
    }

    pub(super) fn set(&mut self, row: usize, column: usize, value: f64) {
        let place = self.place(row, column);
        self.entries[place] = value;
    }

    /// `L L'` is this matrix; none if it is not positive definite, to within rounding. O(size width^2).
    pub(super) fn factor(mut self) -> Option<Factor> {
        for row in 0..self.size {
            let first = row.saturating_sub(self.width);
            for column in first..=row {
                let from = first.max(column.saturating_sub(self.width));
                let products = (from..column).map(|k| self.at(row, k) * self.at(column, k));
                let rest = self.at(row, column) - products.sum::<f64>();
                let entry = match row == column {
                    true if rest > 0.0 => rest.sqrt(),
                    true => return None,
                    false => rest / self.at(column, column),
                };
                self.set(row, column, entry);
            }
        }
        Some(Factor(self))
    }
}

impl Factor {
    /// The logarithm of the determinant of the matrix.
    pub(super) fn log_determinant(&self) -> f64 {
        (0..self.0.size).map(|row| 2.0 * self.0.at(row, row).ln()).sum()
    }

    /// `L^-1 b`: its square is `b' M^-1 b`. O(size width).
    pub(super) fn half_solve(&self, right: &[f64]) -> Vec<f64> {
        let lower = &self.0;
        let mut solution: Vec<f64> = Vec::with_capacity(right.len());
        for (row, &right) in right.iter().enumerate() {
            let known = row.saturating_sub(lower.width)..row;
            let sum: f64 = known.map(|k| lower.at(row, k) * solution[k]).sum();
            solution.push((right - sum) / lower.at(row, row));
        }
        solution
    }

    /// `M^-1 b`. O(size width).
    pub(super) fn solve(&self, right: &[f64]) -> Vec<f64> {
        let lower = &self.0;
        let mut solution = self.half_solve(right);
        for row in (0..lower.size).rev() {
            let after = row + 1..(row + lower.width + 1).min(lower.size);
            let sum: f64 = after.map(|k| lower.at(k, row) * solution[k]).sum();
            solution[row] = (solution[row] - sum) / lower.at(row, row);
        }
        solution
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_solution_gives_back_the_right_hand_side() {
        for (size, width) in [(1, 0), (2, 1), (7, 2), (7, 6), (20, 3)] {
            let mut matrix = Band::zero(size, width);
            for row in 0..size {
                for column in row.saturating_sub(width)..=row {
                    let small = ((row * 7 + column * 3) % 5) as f64 - 2.0;
                    let diagonal = if row == column { 4.0 * width as f64 + 3.0 } else { 0.0 };
                    matrix.set(row, column, small + diagonal);
                }
            }
            let entry = |i: usize, j: usize| match i.abs_diff(j) <= width {
                true => matrix.at(i.max(j), i.min(j)),
                false => 0.0,
            };
            let right: Vec<f64> = (0..size).map(|i| (i as f64).cos()).collect();
            let factor = matrix.clone().factor().unwrap();
            let solution = factor.solve(&right);
            for (i, &expected) in right.iter().enumerate() {
                let found: f64 = (0..size).map(|j| entry(i, j) * solution[j]).sum();
                assert!((found - expected).abs() < 1e-12, "{size} {width} {i}");
            }
            let square: f64 = factor.half_solve(&right).iter().map(|x| x * x).sum();
            let product: f64 = right.iter().zip(&solution).map(|(a, b)| a * b).sum();
            assert!((square - product).abs() < 1e-12 * product);
        }
    }

    #[test]
    fn a_matrix_that_is_not_positive_definite_has_no_factor() {
        let mut matrix = Band::zero(2, 1);
        matrix.set(0, 0, 1.0);
        matrix.set(1, 0, 2.0);
        matrix.set(1, 1, 3.0);
        assert_eq!(matrix.factor(), None);
    }
}
