// W_t and B_t recalled from their slot: every step's (adjoint 'store') or the replayed block's (adjoint 'checkpoint').
import package::memory::weight;

// at: index in the slot of step t. The other arguments serve recalls/undo.wgsl.
fn recall(at: u32, rate: f32, hebb: f32, decay: f32, noise: f32) -> f32 { return weight(at); }
