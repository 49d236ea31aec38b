// Initial weights are drawn for every lifetime (src/parameters/draws.ts).
import package::shape::{DRAW_W_AT, DRAW_W_LIMIT, DRAW_WEIGHTS, FAN_IN, FAN_OUT, QUADS};
import package::memory::{four, present};
import package::random::drawn4;

// Counter of the first weight of a layer, the limit of them all, and how many there are; a column's
// quads.
struct Source { at: u32, limit: f32, pre: u32, post: u32, quads: u32 }
fn source_of_weights(l: u32) -> Source {
  return Source(DRAW_W_AT[l], DRAW_W_LIMIT[l], FAN_IN[l], FAN_OUT[l], QUADS[l]);
}

// Quad q of the layer: rows i … i + 3 of a column.
fn initial_weights(source: Source, q: u32) -> vec4f {
  let i = q % source.quads * 4u;
  let counters = source.at + four(i, source.post) * source.pre + q / source.quads;
  return present(i, source.post) * source.limit * drawn4(DRAW_WEIGHTS, counters);
}
