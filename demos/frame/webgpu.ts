import { isAvailable } from 'metaplastic';

/** Where WebGPU is found, by browser. */
const HOW =
  'WebGPU is in Chrome and Edge from version 113 (on Linux from 144, or with the flag chrome://flags/#enable-unsafe-webgpu), in Safari from version 26, and in Firefox from version 141 on Windows and 145 on macOS.';

/**
 * Asks for WebGPU. Where it is missing, says so at the top of the page with the reason and how to
 * get it, and marks the page with the class `no-webgpu`, so that it can show its recorded results.
 */
export async function findWebGpu(
  recorded = 'What you see here was recorded; the controls need WebGPU.',
): Promise<boolean> {
  const answer = await isAvailable();
  if (answer.available) return true;
  document.documentElement.classList.add('no-webgpu');
  const notice = document.createElement('aside');
  notice.className = 'notice';
  notice.setAttribute('role', 'status');
  for (const text of [`WebGPU is not available: ${answer.reason}. ${recorded}`, HOW])
    notice.append(Object.assign(document.createElement('p'), { textContent: text }));
  document.querySelector('.lead')!.after(notice);
  return false;
}
