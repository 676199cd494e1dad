/* A driver library of eight devices for code that loads one itself: what Python objects cannot show is whether the
 * binding passes its arguments as C expects them. Each device draws (100 + its number) W; time is the monotonic clock,
 * or what `set_seconds` says. Build: cc -shared -fPIC -o libnvidia-ml.so.1 nvml_library.c */
#include <stdio.h>
#include <time.h>

enum { SUCCESS = 0, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, DEVICES = 8 };
typedef struct { int number; } device_t;
typedef struct {
    unsigned field, scope;
    long long timestamp, latency;
    unsigned type, result;
    union { double d; int i; unsigned u; unsigned long l; unsigned long long ull; long long ll; } value;
} field_t;

static device_t devices[DEVICES];
static double told_s = -1;

static double now_s(void) {
    struct timespec now;
    if (told_s >= 0) return told_s;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec * 1e-9;
}
static unsigned power_mw(const device_t *device) { return 100000 + 1000 * (unsigned)device->number; }

void set_seconds(double seconds) { told_s = seconds; }
int nvmlInitWithFlags(unsigned flags) { (void)flags; return SUCCESS; }
int nvmlShutdown(void) { return SUCCESS; }
const char *nvmlErrorString(int code) { (void)code; return "error"; }
int nvmlSystemGetDriverVersion(char *text, unsigned size) { snprintf(text, size, "580.95.05"); return SUCCESS; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = DEVICES; return SUCCESS; }

int nvmlDeviceGetHandleByIndex_v2(unsigned number, device_t **out) {
    if (number >= DEVICES) return INVALID_ARGUMENT;
    devices[number].number = (int)number;
    *out = &devices[number];
    return SUCCESS;
}
int nvmlDeviceGetUUID(device_t *device, char *text, unsigned size) {
    snprintf(text, size, "GPU-00000000-0000-0000-0000-00000000000%d", device->number);
    return SUCCESS;
}
int nvmlDeviceGetName(device_t *device, char *text, unsigned size) {
    (void)device;
    snprintf(text, size, "Compiled GPU");
    return SUCCESS;
}
int nvmlDeviceGetEnforcedPowerLimit(device_t *device, unsigned *out) { (void)device; *out = 700000; return SUCCESS; }
int nvmlDeviceGetMigMode(device_t *device, unsigned *current, unsigned *pending) {
    (void)device;
    *current = *pending = 0;
    return SUCCESS;
}
int nvmlDeviceGetC2cModeInfoV(device_t *device, void *out) { (void)device; (void)out; return NOT_SUPPORTED; }
int nvmlDeviceGetArchitecture(device_t *device, unsigned *out) { (void)device; *out = 9; return SUCCESS; }
int nvmlDeviceGetPowerUsage(device_t *device, unsigned *out) { *out = power_mw(device); return SUCCESS; }
int nvmlDeviceGetTotalEnergyConsumption(device_t *device, unsigned long long *out) {
    *out = (unsigned long long)(power_mw(device) * now_s());
    return SUCCESS;
}
int nvmlDeviceGetComputeRunningProcesses_v3(device_t *device, unsigned *count, void *entries) {
    (void)device; (void)entries;
    *count = 0;
    return SUCCESS;
}
int nvmlDeviceGetFieldValues(device_t *device, int count, field_t *fields) {
    for (int place = 0; place < count; place++) {
        fields[place].result = fields[place].scope == 0 ? SUCCESS : NOT_SUPPORTED;
        fields[place].type = 1;
        /* powers that never stand still, as on a real board */
        fields[place].value.u = power_mw(device) + (unsigned)(now_s() * 1e6) % 1000;
    }
    return SUCCESS;
}
