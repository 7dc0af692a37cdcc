// TOCSIN_SANITIZED is defined where a sanitizer watches memory: there, memory is not kept for
// later, and what is kept back says nothing about what a program takes.

#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TOCSIN_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TOCSIN_SANITIZED
#endif
#endif
