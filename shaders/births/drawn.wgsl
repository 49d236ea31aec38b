// Initial weights are drawn for every lifetime (src/inner/draws.ts).
import package::shape::{DRAW_W_AT, DRAW_W_LIMIT, DRAW_WEIGHTS};
import package::random::drawn;

// Counter of the first weight of a layer, and the limit of them all.
struct Source { at: u32, limit: f32 }
fn source_of_weights(l: u32) -> Source { return Source(DRAW_W_AT[l], DRAW_W_LIMIT[l]); }

fn initial_weight(source: Source, k: u32) -> f32 { return source.limit * drawn(DRAW_WEIGHTS, source.at + k); }
