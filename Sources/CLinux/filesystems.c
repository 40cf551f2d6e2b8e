// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CLinux.h"
#include <unistd.h>

int clinux_sync_file_system(int descriptor) { return syncfs(descriptor); }
