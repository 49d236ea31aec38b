// Every update of W adds uniform noise (Kunin et al. 2020, §3.1); NOISE is half its width.
import package::shape::{DRAWS, DRAW_NOISE, DRAW_W_AT, NOISE};
import package::random::drawn4;

// Counters of the noise on four weights k of layer l + 1 at inner step t.
fn noise_rows(l: u32, k: vec4u, t: u32) -> vec4u { return DRAW_W_AT[l] + k + t * DRAWS; }
fn noise_of_weight(counter: vec4u) -> vec4f { return NOISE * drawn4(DRAW_NOISE, counter); }
fn noise_of_feedback(l: u32, k: vec4u, t: u32) -> vec4f { return vec4f(0.0); }
