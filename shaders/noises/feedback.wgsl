// Every update of B adds uniform noise, as published for Kolen-Pollack (Kunin et al. 2020, §3.1); NOISE is half its width.
import package::shape::{DRAWS, DRAW_B_AT, DRAW_NOISE, NOISE};
import package::random::drawn;

fn noise_row(l: u32, k: u32, t: u32) -> u32 { return 0u; }
fn noise_of_weight(counter: u32) -> f32 { return 0.0; }
fn noise_of_feedback(l: u32, k: u32, t: u32) -> f32 { return NOISE * drawn(DRAW_NOISE, DRAW_B_AT[l] + k + t * DRAWS); }
