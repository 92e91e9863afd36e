/* banned.h: the build includes it before every file, so that calls of functions that overflow or hide errors do not compile. */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol atof gets
