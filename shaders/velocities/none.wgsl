// Updates have no momentum: nothing is kept from one step to the next.
fn read_velocity(at: u32) -> vec4f { return vec4f(); }
fn write_velocity(at: u32, v: vec4f) {}
fn read_d_velocity(at: u32) -> vec4f { return vec4f(); }
fn write_d_velocity(at: u32, d: vec4f) {}
fn join_momentum(l: u32, d: vec4f) -> vec4f { return d; }
