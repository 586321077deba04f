/* What the module needs of its host: one function that never returns (codec.ts throws). */
#ifndef EDGEWISE_HOST_H
#define EDGEWISE_HOST_H

#ifdef __wasm__
#define EXPORT(name) __attribute__((export_name(#name)))
__attribute__((import_module("env"), import_name("fail"))) _Noreturn void host_fail(int failure);
#else
#define EXPORT(name)
_Noreturn void host_fail(int failure);
#endif

#endif
