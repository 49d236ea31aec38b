// The rule asks for no feedback.
fn feedback(first: u32, sample: u32, slot: u32, t: u32) {}
fn feedback_adjoint(first: u32, sample: u32, slot: u32, t: u32) {}
