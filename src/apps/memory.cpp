// The memory of a program: jemalloc, told to keep what a step frees for the next one. Blocks that go back to the system
// cost a page fault a page when they return, 7 % of a step; the heap of the C library, told to keep them, tears to
// pieces, since every step's blocks have other sizes.

extern "C" {
extern const char* malloc_conf;
__attribute__((visibility("default"))) const char* malloc_conf = "dirty_decay_ms:-1,muzzy_decay_ms:-1";
}
