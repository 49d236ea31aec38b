// Every task has coefficients of its own (a sweep of settings side by side): they come behind its targets.
import package::shape::{OUTPUTS, PARAMETERS, SAMPLES, SETTINGS};
import package::memory::wanted;

// at: place in the layout, whose last SETTINGS numbers they replace.
fn coefficient(at: u32) -> f32 { return wanted(SAMPLES * OUTPUTS + at + SETTINGS - PARAMETERS); }
