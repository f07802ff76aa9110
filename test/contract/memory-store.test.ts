import { createMemoryStore } from '../../main/engine/store/memory-store.ts';
import { describeStore } from './store-suite.ts';

describeStore('memory store', async () => ({ store: createMemoryStore(), close: async () => undefined }));
