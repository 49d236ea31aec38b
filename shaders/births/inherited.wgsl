// Initial weights are inherited: every lifetime is born with the same.
import package::shape::WEIGHT_AT;
import package::memory::parameters;

fn initial_weight(l: u32, k: u32) -> f32 { return parameters[WEIGHT_AT[l] + k]; }
