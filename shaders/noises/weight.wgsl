// Every update of W adds uniform noise (Kunin et al. 2020, §3.1); NOISE is half its width.
import package::shape::{DRAWS, DRAW_NOISE, DRAW_W_AT, NOISE};
import package::random::drawn;

// Counter of the noise on weight k of layer l + 1 at inner step t.
fn noise_row(l: u32, k: u32, t: u32) -> u32 { return DRAW_W_AT[l] + k + t * DRAWS; }
fn noise_of_weight(counter: u32) -> f32 { return NOISE * drawn(DRAW_NOISE, counter); }
fn noise_of_feedback(l: u32, k: u32, t: u32) -> f32 { return 0.0; }
