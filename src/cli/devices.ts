import { mebibytes } from '../gpu/plan.js';
import { openNodeGpu } from '../node/open.js';
import { parse } from './options.js';
import { describeAdapter } from './run-folder.js';

export const HELP = `shows the adapter that the other commands run on, and its limits

Usage: metaplastic devices`;

export async function run(args: string[]): Promise<number> {
  parse(args, {});
  const gpu = await openNodeGpu();
  try {
    const { limits, features } = gpu.device;
    console.log(describeAdapter(gpu));
    const rows: [string, string | number][] = [
      ['largest buffer', mebibytes(limits.maxBufferSize)],
      ['largest storage binding', mebibytes(limits.maxStorageBufferBindingSize)],
      ['storage buffers a stage', limits.maxStorageBuffersPerShaderStage],
      ['workgroup memory', `${limits.maxComputeWorkgroupStorageSize / 1024} KiB`],
      ['invocations a workgroup', limits.maxComputeInvocationsPerWorkgroup],
      ['workgroups a dimension', limits.maxComputeWorkgroupsPerDimension],
      ['features in use', [...features].join(', ') || 'none'],
    ];
    for (const [name, value] of rows) console.log(`  ${name.padEnd(24)}${value}`);
  } finally {
    gpu.destroy();
  }
  return 0;
}
