/**
 * libvips, by sharp, as the whole process uses it: one thread an image, since many images are decoded side by side;
 * nothing cached; and no loader but those of the formats that are read, whatever bytes may look like.
 */
import sharp from 'sharp';

sharp.concurrency(1);
sharp.cache(false);
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['Jpeg', 'Png', 'Webp', 'Heif', 'Nsgif', 'Tiff'].map((format) => `VipsForeignLoad${format}`),
});

export { sharp };
