// No term asks for this sum.
fn find(l: u32, record: u32) {}
fn sum_of(l: u32, record: u32) -> f32 { return 0.0; }
fn set_d_sum(l: u32, row: u32, d: f32) {}
fn to_input(l: u32, row: u32, f: f32, v: f32) -> vec2f { return vec2f(); }
fn to_neurons(l: u32, row: u32, record: u32, i: u32, n: u32) {}
