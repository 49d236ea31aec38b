import { readFile, writeFile } from 'node:fs/promises';
import { Learner, readParameters, sineTasks, writeSafetensors } from 'metaplastic';
import { openNodeGpu } from 'metaplastic/node';

const gpu = await openNodeGpu();
const tasks = sineTasks({ steps: 5, queries: 10 });
const learner = await Learner.create(gpu, {
  // the steps of torch.optim.SGD(lr=0.01) on F.mse_loss, of all parameters
  system: {
    preset: 'maml',
    sizes: [1, 8, 1],
    loss: 'mean-squared-error',
    reduction: 'mean',
    plasticBias: true,
    eta: 'network',
  },
  initial: { eta: 0.01 },
  episode: tasks,
  tasks: 4,
});

// in: what safetensors.torch.save_file(model.state_dict(), path) wrote of an nn.Sequential
const path = process.argv[2] ?? 'net.safetensors';
const names = { '0.weight': 'W1', '0.bias': 'b1', '2.weight': 'W2', '2.bias': 'b2' };
const parts = Object.values(names);
learner.write(readParameters(await readFile(path), learner.layout, path, { names, parts }));

// out: the same names, so that model.load_state_dict takes them
for (let m = 0; m < 3; m++) await learner.step(tasks.episodes(0, 4 * m, 4));
const all = await learner.parameters();
const theirs = Object.entries(names).map(([name, own]) => ({ name, ...all[own] }));
await writeFile(path.replace('.safetensors', '-out.safetensors'), writeSafetensors(theirs));
console.log('wrote', theirs.map(({ name, shape }) => `${name} (${shape.join(', ')})`).join(', '));
learner.destroy();
gpu.destroy();
