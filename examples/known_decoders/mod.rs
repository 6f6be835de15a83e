//! What known decoders do with the same request, for the examples.

use demask::schedule::{Decoder, DecoderPlan};

/// The plans of all decoders, those that do the same named together. DUS fixes its positions, so its
/// sizes alone say nothing.
pub fn plans(tokens: usize, steps: usize) -> demask::Result<Vec<(String, DecoderPlan)>> {
    let mut plans: Vec<(String, DecoderPlan)> = Vec::new();
    for decoder in Decoder::KNOWN.into_iter().filter(|&decoder| decoder != Decoder::Dus) {
        let plan = decoder.plan(tokens, steps)?;
        match plans.iter_mut().find(|(_, same)| *same == plan) {
            Some((names, _)) => {
                names.push_str(", ");
                names.push_str(decoder.name());
            }
            None => plans.push((decoder.name().to_owned(), plan)),
        }
    }
    Ok(plans)
}
