// Last pass of the structure tensor: smooth its entries along one axis, then their eigenvalues.
#define ENTRIES (DIM * (DIM + 1) / 2)

__kernel void tensor(__global const float* restrict src, __global float* restrict dst,
                     __global const float* restrict w, const int radius,
                     const int s_off, const int s_step, const int s_across, const int s_slot,
                     const int d_off, const int d_step, const int d_across, const int d_plane,
                     const int steps, const int plane) {
  const int x = get_global_id(0) * VEC, across = get_global_id(1);
  const int from = get_global_id(2) * ROWS, to = min(from + ROWS, steps);
  for (int at = from; at < to; at++) {
    __global const float* s = src + s_off + (size_t)across * s_across + (size_t)at * s_step + x;
    __global float* d = dst + d_off + (size_t)across * d_across + (size_t)at * d_step + x;
    V sum[ENTRIES], value[DIM];
#pragma unroll
    for (int i = 0; i < ENTRIES; i++) sum[i] = (V)(w[0]) * LOAD(s + (size_t)i * s_slot);
    for (int k = 1; k <= radius; k++) {
      const size_t step = (size_t)k * s_step;
#pragma unroll
      for (int i = 0; i < ENTRIES; i++) {
        __global const float* e = s + (size_t)i * s_slot;
        sum[i] = FMA(w[k], LOAD(e - step) + LOAD(e + step), sum[i]);
      }
    }
    EIGEN(sum[0], sum + 1, sum + 1 + ENTRIES - DIM, value);
#pragma unroll
    for (int i = 0; i < DIM; i++) STORE(value[i], d + (size_t)(plane + i) * d_plane);
  }
}
