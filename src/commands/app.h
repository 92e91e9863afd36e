/* app.h: what most commands include: what a command is, and the lake opened for writing. */
#pragma once
#include "base/files.h"
#include "commands/command.h"
#include "flow/writer.h"
