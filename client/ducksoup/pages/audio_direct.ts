/** /test/audio_direct/: the microphone. */
import { check } from "./check.ts";

check({ title: "Microphone", namespace: "audio_direct_test", audioOnly: true, mostNoise: 4.5 });
