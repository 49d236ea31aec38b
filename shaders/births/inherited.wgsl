// Initial weights are inherited: every lifetime is born with the same.
import package::shape::WEIGHT_AT;
import package::memory::parameters;

// Quad where the weights of a layer begin.
struct Source { at: u32 }
fn source_of_weights(l: u32) -> Source { return Source(WEIGHT_AT[l] / 4u); }

// Quad q of the layer.
fn initial_weights(source: Source, q: u32) -> vec4f { return parameters[source.at + q]; }
