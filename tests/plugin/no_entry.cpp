// A shared object that is not a plugin.
int infomtl_no_plugin() { return 0; }
