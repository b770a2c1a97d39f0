// What a figure leaves to the place it is drawn in. Stands before the scripts of cards and pages, which both use it.

// What a figure names for narrow screens takes the place of what it has for wide ones.
const narrowed = ({ data, layout }, width) => {
  if (width >= 640) return;
  for (const trace of data) if (trace.meta?.narrow) trace.text = trace.meta.narrow;
  Object.assign(layout, layout.meta?.narrow);
};

// The frame of an inset gets the ratio of its map, its lower right corner stays.
const framed = (layout, width, height) => {
  const ratio = layout.meta?.inset;
  if (!ratio) return;
  const { t = 0, b = 0, l = 0, r = 0 } = layout.margin, { x, y } = layout.geo2.domain;
  const across = width - l - r, down = height - t - b;
  const wide = (x[1] - x[0]) * across, high = (y[1] - y[0]) * down;
  if (wide > high * ratio) x[0] = x[1] - (high * ratio) / across;
  else y[1] = y[0] + wide / ratio / down;
  Object.assign(layout.shapes[0], { x0: x[0], y1: y[1] });
};
