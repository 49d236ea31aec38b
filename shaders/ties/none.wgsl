// W's update moves nothing but W.
fn tied_gradient(l: u32, i: u32, j: u32) -> vec4f { return vec4f(); }
