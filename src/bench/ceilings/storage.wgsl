// Storage: copies a buffer larger than any cache, four numbers a lane: 32 bytes a lane, half of
// them read.
@group(0) @binding(0) var<storage, read> from_: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> to: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32
) {
  let k = (group.y * groups.x + group.x) * 64u + lane;
  if (k < arrayLength(&to)) { to[k] = from_[k]; }
}
