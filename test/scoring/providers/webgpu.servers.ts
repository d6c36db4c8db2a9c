/**
 * The whole way over a GPU, without one: the provider `webgpu` on a Vulkan device in software, SwiftShader, which Debian's
 * package chromium brings along with a loader of Vulkan. Slow (seconds an image), and compared with `cpu`.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, it } from 'node:test';
import type { FoodOutputs } from './food-outputs.ts';
import { runFood } from './run-food.ts';

const chromium = '/usr/lib/chromium';
const driver = `${chromium}/vk_swiftshader_icd.json`;

const software = {
  VK_DRIVER_FILES: driver,
  VK_ICD_FILENAMES: driver,
  XDG_RUNTIME_DIR: tmpdir(),
  LD_LIBRARY_PATH: chromium,
};

async function outputsOn(provider: string, variables: Record<string, string>): Promise<FoodOutputs> {
  const { code, stdout, stderr } = await runFood([provider, '3'], variables);
  assert.deepEqual([code, stderr], [0, ''], `the process on ${provider}`);
  return JSON.parse(stdout) as FoodOutputs;
}

describe('webgpu', () => {
  it('says what cpu says, alone and in batches', async () => {
    assert.ok(existsSync(driver), "install Debian's package chromium: it has the Vulkan device in software");
    const [gpu, cpu] = [await outputsOn('webgpu', software), await outputsOn('cpu', {})];
    assert.deepEqual([gpu.provider, gpu.warnings], ['webgpu', []]);
    assert.equal(gpu.outputs.length, cpu.outputs.length);
    for (const [index, expected] of cpu.outputs.entries()) {
      const found = gpu.outputs[index]!;
      for (const key of ['labels', 'embedding'] as const) {
        const off = Math.max(...found[key].map((value, at) => Math.abs(value - expected[key][at]!)));
        assert.ok(off < 1e-3, `${key} of image ${index} are off by ${off}`);
      }
      assert.ok(Math.abs(found.food - expected.food) < 1e-3);
      assert.ok(Math.abs(found.energy - expected.energy) < 1e-2);
    }
  });

  it('falls back to cpu where no device is found, and says why', async () => {
    const none = { VK_DRIVER_FILES: '/nonexistent', VK_ICD_FILENAMES: '/nonexistent', LD_LIBRARY_PATH: chromium };
    const { code, stdout } = await runFood(['webgpu', '1'], none);
    assert.equal(code, 0);
    const { provider, warnings } = JSON.parse(stdout) as FoodOutputs;
    assert.deepEqual([provider, warnings.length], ['cpu', 1]);
    assert.match(String(Reflect.get(warnings[0]!, 'cause')), /adapter/i);
  });
});
