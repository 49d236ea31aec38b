// Initial weights are drawn for every lifetime (src/inner/draws.ts).
import package::shape::{DRAW_W_AT, DRAW_W_LIMIT, DRAW_WEIGHTS};
import package::random::drawn;

fn initial_weight(l: u32, k: u32) -> f32 { return DRAW_W_LIMIT[l] * drawn(DRAW_WEIGHTS, DRAW_W_AT[l] + k); }
