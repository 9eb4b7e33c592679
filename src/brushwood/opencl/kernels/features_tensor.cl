// Last pass of the structure tensor: smooth its entries along one axis, then their eigenvalues.
#define ENTRIES (DIM * (DIM + 1) / 2)

__kernel void tensor(__global const float* restrict src, __global float* restrict dst,
                     __global const float* restrict w, const int radius,
                     const int s_off, const int s_step, const int s_row, const int s_slab,
                     const int s_slot, const int d_off, const int d_row, const int d_slab,
                     const int d_plane, const int plane) {
  const int x = get_global_id(0) * VEC, y = get_global_id(1), z = get_global_id(2);
  __global const float* s = src + s_off + (size_t)z * s_slab + (size_t)y * s_row + x;
  V sum[ENTRIES], value[DIM];
#pragma unroll
  for (int i = 0; i < ENTRIES; i++) sum[i] = (V)(w[0]) * LOAD((s + (size_t)(i) * s_slot));
  for (int k = 1; k <= radius; k++) {
    const size_t step = (size_t)k * s_step;
#pragma unroll
    for (int i = 0; i < ENTRIES; i++)
      sum[i] = FMA(w[k], LOAD((s + (size_t)(i) * s_slot) - step) + LOAD((s + (size_t)(i) * s_slot) + step), sum[i]);
  }
  EIGEN(sum[0], sum + 1, sum + 1 + ENTRIES - DIM, value);
  __global float* d = dst + d_off + (size_t)z * d_slab + (size_t)y * d_row + x;
#pragma unroll
  for (int i = 0; i < DIM; i++) STORE(value[i], d + (size_t)(plane + i) * d_plane);
}
