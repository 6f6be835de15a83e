//! Which samples agree in some tokens: the cells of the empirical distribution, and how they split further.

/// The samples in cells: those in one cell show the same symbols at the positions looked at so far.
#[derive(Debug, Clone)]
pub(super) struct Partition {
    /// The cell of each sample, from 0 on in the order in which cells appear.
    pub(super) cell_of: Vec<u32>,
    pub(super) cells: usize,
}

/// A table of (cell, symbol) may have this many entries for each sample; beyond that the samples are
/// sorted.
const ENTRIES_PER_SAMPLE: usize = 16;
const FREE: u32 = u32::MAX;

impl Partition {
    /// All samples in one cell: no position has been looked at.
    pub(super) fn whole(samples: usize) -> Self {
        Self { cell_of: vec![0; samples], cells: 1 }
    }

    /// Splits the cells by the symbols of one more position. O(samples + alphabet).
    pub(super) fn split(&self, symbols: &[u32], alphabet: usize) -> Self {
        let entries = self.cells.saturating_mul(alphabet);
        if entries <= ENTRIES_PER_SAMPLE * symbols.len() {
            self.split_by_table(symbols, alphabet, entries)
        } else {
            self.split_by_sorting(symbols, alphabet)
        }
    }

    fn split_by_table(&self, symbols: &[u32], alphabet: usize, entries: usize) -> Self {
        let mut new_cell = vec![FREE; entries];
        let mut cells = 0;
        let cell_of = self.cell_of.iter().zip(symbols).map(|(&cell, &symbol)| {
            let entry = &mut new_cell[cell as usize * alphabet + symbol as usize];
            if *entry == FREE {
                *entry = cells;
                cells += 1;
            }
            *entry
        });
        Self { cell_of: cell_of.collect(), cells: cells as usize }
    }

    /// As [`split`](Self::split), but cell after cell, so that one row of the table is enough.
    fn split_by_sorting(&self, symbols: &[u32], alphabet: usize) -> Self {
        let mut ends = vec![0_usize; self.cells + 1];
        self.cell_of.iter().for_each(|&cell| ends[cell as usize + 1] += 1);
        (1..ends.len()).for_each(|cell| ends[cell] += ends[cell - 1]);
        let mut sorted = vec![0_usize; symbols.len()];
        for (sample, &cell) in self.cell_of.iter().enumerate() {
            sorted[ends[cell as usize]] = sample;
            ends[cell as usize] += 1;
        }
        // Which cell wrote the entry of a symbol, and which new cell it stands for.
        let mut row = vec![(FREE, 0_u32); alphabet];
        let mut cell_of = vec![0; symbols.len()];
        let mut cells = 0;
        for sample in sorted {
            let cell = self.cell_of[sample];
            let entry = &mut row[symbols[sample] as usize];
            if entry.0 != cell {
                *entry = (cell, cells);
                cells += 1;
            }
            cell_of[sample] = entry.1;
        }
        Self { cell_of, cells: cells as usize }
    }

    /// The number of samples in each cell.
    pub(super) fn counts(&self) -> Vec<u32> {
        let mut counts = vec![0; self.cells];
        self.cell_of.iter().for_each(|&cell| counts[cell as usize] += 1);
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_split_make_the_same_cells() {
        let symbols: Vec<u32> = (0..500_u32).map(|i| i * i % 7).collect();
        let others: Vec<u32> = (0..500_u32).map(|i| i * 31 % 11).collect();
        let mut partition = Partition::whole(500);
        for column in [&symbols, &others, &symbols] {
            let by_table = partition.split_by_table(column, 11, partition.cells * 11);
            let by_sorting = partition.split_by_sorting(column, 11);
            assert_eq!(by_table.cells, by_sorting.cells);
            // The same cells, under other names.
            let mut names = std::collections::BTreeMap::new();
            for (a, b) in by_table.cell_of.iter().zip(&by_sorting.cell_of) {
                assert_eq!(names.entry(*a).or_insert(*b), b);
            }
            assert_eq!(names.len(), by_table.cells);
            partition = by_sorting;
        }
        assert_eq!(partition.counts().iter().sum::<u32>(), 500);
        assert_eq!(partition.cells, 44);
    }
}
