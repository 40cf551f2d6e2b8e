// SPDX-License-Identifier: Apache-2.0
// DCMTK reading files: dcmtk-reading header|full|memory FILE...   Prints files, elements, seconds and peak memory in KiB.
#include <chrono>
#include <cstdio>
#include <cstring>
#include <sys/resource.h>
#include "dcmtk/config/osconfig.h"
#include "dcmtk/dcmdata/dctk.h"

static unsigned long elements(DcmItem *item) {
  DcmStack stack;
  unsigned long count = 0;
  while (item->nextObject(stack, OFTrue).good()) ++count;
  return count;
}

int main(int argc, char **argv) {
  if (argc < 3) return 64;
  const bool header = !strcmp(argv[1], "header"), memory = !strcmp(argv[1], "memory"), counts = !strcmp(argv[1], "count");
  OFLog::configure(OFLogger::OFF_LOG_LEVEL);
  { DcmFileFormat warm; warm.loadFile(argv[2]); }
  unsigned long found = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (int index = 2; index < argc; ++index) {
    DcmFileFormat file;
    const OFCondition result = header
      ? file.loadFileUntilTag(argv[index], EXS_Unknown, EGL_noChange, DCM_MaxReadLength, ERM_autoDetect, DCM_PixelData)
      : file.loadFile(argv[index]);
    if (result.bad()) { fprintf(stderr, "%s: %s\n", argv[index], result.text()); return 1; }
    if (memory) file.loadAllDataIntoMemory();
    found += counts ? elements(file.getDataset()) : file.getDataset()->card();
  }
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  printf("%d %lu %.6f %ld\n", argc - 2, found, spent.count(), usage.ru_maxrss);
}
