//! What known decoders do with the same request, for the examples.

use unmaskcost::decoders::Decoder;
use unmaskcost::schedule::Passes;

/// What the mark `*` behind a name means.
pub const FIXED_POSITIONS: &str =
    "* positions are fixed in advance: the figures are those of random positions with these sizes";

/// The plans of all decoders, those that do the same named together; `*` marks fixed positions.
pub fn plans(tokens: usize, steps: usize) -> unmaskcost::Result<Vec<(String, Passes)>> {
    let mut plans: Vec<(String, Passes)> = Vec::new();
    for decoder in Decoder::KNOWN.iter().copied() {
        let mark = if matches!(decoder, Decoder::Dus | Decoder::Halton) { "*" } else { "" };
        let name = format!("{decoder}{mark}");
        let plan = match decoder.plan(tokens, steps) {
            // One that would end with masks has nothing to show.
            Err(unmaskcost::Error::NotApplicable { .. }) => continue,
            plan => plan?,
        };
        match plans.iter_mut().find(|(_, same)| *same == plan) {
            Some((names, _)) => {
                names.push_str(", ");
                names.push_str(&name);
            }
            None => plans.push((name, plan)),
        }
    }
    Ok(plans)
}
