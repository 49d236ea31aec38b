// W_t and B_t recalled from their slot: every step's (adjoint 'store') or the replayed block's
// (adjoint 'checkpoint').
import package::synapse::recall_weight;

// at: a quad in the slot of step t. The other arguments serve recalls/undo.wgsl.
fn recall(at: u32, k: u32, rate: vec4f, hebb: vec4f, decay: vec4f, noise: vec4f) -> vec4f { return recall_weight(at, k); }
