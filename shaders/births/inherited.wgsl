// Initial weights are inherited: every lifetime is born with the same.
import package::shape::WEIGHT_AT;
import package::memory::parameters;

// Where the weights of a layer lie.
struct Source { at: u32 }
fn source_of_weights(l: u32) -> Source { return Source(WEIGHT_AT[l]); }

fn initial_weight(source: Source, k: u32) -> f32 { return parameters[source.at + k]; }
