/** A point in pixels; x to the right, y downwards. */
export type Point = readonly [x: number, y: number];

/** A region of the plane by its signed distance (I. Quilez, "2D distance functions"). */
export interface Shape {
  /** A rectangle that holds the region. */
  readonly bounds: {
    readonly left: number;
    readonly top: number;
    readonly right: number;
    readonly bottom: number;
  };
  /** Pixels from a point to the region's edge, negative inside; near enough to that within a pixel of the edge. */
  readonly distance: (x: number, y: number) => number;
}

// Only + - * / and square roots: IEEE 754 gives these the same result everywhere, which sine and power are not.

/** An upright ellipse. */
export function ellipse(centerX: number, centerY: number, radiusX: number, radiusY: number): Shape {
  return {
    bounds: {
      left: centerX - radiusX,
      right: centerX + radiusX,
      top: centerY - radiusY,
      bottom: centerY + radiusY,
    },
    distance(x, y) {
      const u = (x - centerX) / radiusX;
      const v = (y - centerY) / radiusY;
      const level = Math.sqrt(u * u + v * v);
      const slope = Math.sqrt((u / radiusX) * (u / radiusX) + (v / radiusY) * (v / radiusY));
      return slope === 0 ? -Math.min(radiusX, radiusY) : (level * (level - 1)) / slope;
    },
  };
}

/** A rectangle with rounded corners. */
export function box(left: number, top: number, right: number, bottom: number, corner = 0): Shape {
  const centerX = (left + right) / 2;
  const centerY = (top + bottom) / 2;
  const halfWidth = (right - left) / 2;
  const halfHeight = (bottom - top) / 2;
  const radius = Math.min(corner, halfWidth, halfHeight);
  return {
    bounds: { left, top, right, bottom },
    distance(x, y) {
      const u = Math.abs(x - centerX) - halfWidth + radius;
      const v = Math.abs(y - centerY) - halfHeight + radius;
      const outsideX = Math.max(u, 0);
      const outsideY = Math.max(v, 0);
      const outside = Math.sqrt(outsideX * outsideX + outsideY * outsideY);
      return outside + Math.min(Math.max(u, v), 0) - radius;
    },
  };
}

/** A thick line with round ends, whose half width goes from `startRadius` to `endRadius`. */
export function capsule(start: Point, end: Point, startRadius: number, endRadius = startRadius): Shape {
  const [startX, startY] = start;
  const [endX, endY] = end;
  const alongX = endX - startX;
  const alongY = endY - startY;
  const lengthSquared = Math.max(alongX * alongX + alongY * alongY, 1e-9);
  const reach = Math.max(startRadius, endRadius);
  return {
    bounds: {
      left: Math.min(startX, endX) - reach,
      right: Math.max(startX, endX) + reach,
      top: Math.min(startY, endY) - reach,
      bottom: Math.max(startY, endY) + reach,
    },
    distance(x, y) {
      const u = x - startX;
      const v = y - startY;
      const share = Math.min(Math.max((u * alongX + v * alongY) / lengthSquared, 0), 1);
      const offX = u - share * alongX;
      const offY = v - share * alongY;
      return Math.sqrt(offX * offX + offY * offY) - (startRadius + share * (endRadius - startRadius));
    },
  };
}

/** A convex polygon. @param points at least 3, in either sense of rotation */
export function polygon(points: readonly Point[]): Shape {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const sense = signedArea(points) < 0 ? -1 : 1;
  const edges = points.map(([x, y], i) => {
    const [nextX, nextY] = points[(i + 1) % points.length] ?? [x, y];
    const length = Math.sqrt((nextX - x) * (nextX - x) + (nextY - y) * (nextY - y)) || 1;
    return { x, y, normalX: (sense * (nextY - y)) / length, normalY: (sense * (x - nextX)) / length };
  });
  return {
    bounds: {
      left: Math.min(...xs),
      right: Math.max(...xs),
      top: Math.min(...ys),
      bottom: Math.max(...ys),
    },
    distance(x, y) {
      let largest = -Infinity;
      for (const edge of edges) {
        const away = (x - edge.x) * edge.normalX + (y - edge.y) * edge.normalY;
        if (away > largest) largest = away;
      }
      return largest;
    },
  };
}

/** The same region, smaller or larger by a ragged edge. @param ragged pixels to add to the distance at a point */
export function roughen(shape: Shape, reach: number, ragged: (x: number, y: number) => number): Shape {
  const { left, right, top, bottom } = shape.bounds;
  return {
    bounds: { left: left - reach, right: right + reach, top: top - reach, bottom: bottom + reach },
    distance: (x, y) => shape.distance(x, y) + ragged(x, y),
  };
}

function signedArea(points: readonly Point[]): number {
  let area = 0;
  for (const [i, [x, y]] of points.entries()) {
    const [nextX, nextY] = points[(i + 1) % points.length] ?? [x, y];
    area += x * nextY - nextX * y;
  }
  return area;
}
