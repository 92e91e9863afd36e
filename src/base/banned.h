/* banned.h: included before every file by the build: functions that overflow or hide errors do not compile. */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol atof gets
