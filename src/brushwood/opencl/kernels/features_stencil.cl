// Whatever needs no sum over a radius: copies, and APOC's 3×3 (×3) stencils of a blurred block.

__kernel void copy(__global const float* restrict src, __global float* restrict dst,
                   const int s_off, const int s_row, const int s_slab,
                   const int d_off, const int d_row, const int d_slab) {
  const int x = get_global_id(0) * VEC, y = get_global_id(1), z = get_global_id(2);
  STORE(LOAD(src + s_off + (size_t)z * s_slab + (size_t)y * s_row + x),
        dst + d_off + (size_t)z * d_slab + (size_t)y * d_row + x);
}

// src holds the block with a margin; rows and slabs are clamped to [y_low, y_high] and
// [z_low, z_high], counted from the block's first; x_low and x_high are the image's first and last
// column, counted likewise: what lies beyond them repeats them.
__kernel void stencil(__global const float* restrict src, __global float* restrict dst,
                      const int s_off, const int s_row, const int s_slab,
                      const int d_off, const int d_row, const int d_slab, const int d_plane,
                      const int z_low, const int z_high, const int y_low, const int y_high,
                      const int x_low, const int x_high,
                      const int to_blur, const int to_laplace, const int to_sobel) {
  const int x = get_global_id(0) * VEC, y = get_global_id(1), z = get_global_id(2);
  V box = (V)(0.0f), gx = (V)(0.0f), gy = (V)(0.0f), gz = (V)(0.0f), centre = (V)(0.0f);
  const I lane = LANES, at_low = (I)(x_low - x), at_high = (I)(x_high - x);
  for (int k = (DIM == 3 ? -1 : 0); k <= (DIM == 3 ? 1 : 0); k++) {
    const int slab = clamp(z + k, z_low, z_high);
    const float wz = DIM == 3 ? 2.0f - abs(k) : 1.0f;
#pragma unroll
    for (int j = -1; j <= 1; j++) {
      const int row = clamp(y + j, y_low, y_high);
      __global const float* s = src + s_off + (size_t)((long)slab * s_slab + (long)row * s_row + x);
      const V c = LOAD(s);
      const V l = select(LOAD(s - 1), c, lane == at_low);
      const V r = select(LOAD(s + 1), c, lane == at_high);
      const V smooth = (l + r) + 2.0f * c, wide = (l + r) + c;
      const float wy = 2.0f - abs(j);
      box += wide;
      gx = FMA(wz * wy, r - l, gx);
      gy = FMA(wz * j, smooth, gy);
      gz = FMA(wy * k, smooth, gz);
      if (k == 0 && j == 0) centre = c;
    }
  }
  __global float* d = dst + d_off + (size_t)z * d_slab + (size_t)y * d_row + x;
  if (to_blur >= 0) STORE(centre, d + (size_t)to_blur * d_plane);
  // Weights of the centre are clEsperanto's: 8 of 8 neighbours in 2-D, 1 of 26 in 3-D.
  if (to_laplace >= 0)
    STORE((V)(DIM == 3 ? 2.0f : 9.0f) * centre - box, d + (size_t)to_laplace * d_plane);
  if (to_sobel >= 0)
    STORE(root(fma(gx, gx, fma(gy, gy, gz * gz))), d + (size_t)to_sobel * d_plane);
}

// Rows of a table: all planes at some pixels.
__kernel void gather(__global const float* restrict stack, __global float* restrict dst,
                     __global const int* restrict index, const int planes, const int plane) {
  const int i = get_global_id(1), p = get_global_id(0);
  dst[(size_t)i * planes + p] = stack[(size_t)p * plane + index[i]];
}
