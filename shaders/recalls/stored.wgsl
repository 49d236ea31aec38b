// W_t recalled from its slot: every step's (adjoint 'store') or the replayed block's (adjoint 'checkpoint').
import package::memory::weight;

// at: index of the synapse in the slot of step t. The other arguments serve recalls/undo.wgsl.
fn recall(at: u32, coefficient: f32, hebb: f32, decay: f32) -> f32 { return weight(at); }
