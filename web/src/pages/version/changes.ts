import { api } from "@/api/client";

/** What is changed at a version in place. */
export interface Changes {
  describe: (description: string) => Promise<void>;
  setTag: (key: string, value: string) => Promise<void>;
  removeTag: (key: string) => Promise<void>;
}

export function changesOf(name: string, version: string, onchange: () => void): Changes {
  return {
    async describe(description) {
      await api.patch("/api/2.0/mlflow/model-versions/update", { body: { name, version, description } });
      onchange();
    },
    async setTag(key, value) {
      await api.post("/api/2.0/mlflow/model-versions/set-tag", { body: { name, version, key, value } });
      onchange();
    },
    async removeTag(key) {
      await api.delete("/api/2.0/mlflow/model-versions/delete-tag", { query: { name, version, key } });
      onchange();
    },
  };
}
