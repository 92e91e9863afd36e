/* app.h: the headers that most commands need: the App, and the lake opened for writing. */
#pragma once
#include "base/files.h"
#include "commands/command.h"
#include "flow/writer.h"
